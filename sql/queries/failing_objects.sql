-- Objects that are still in this batch, locked; those that another process took out of it do not change.
select o.id, o.attempts
from media_object o
where o.id = any (%(ids)s) and o.batch_id = %(batch_id)s and o.state not in ('quarantined', 'duplicate', 'gone')
order by o.id
for no key update
