-- Those that this batch still has, locked: whoever took one out of it meanwhile has the say.
select o.id, o.attempts
from media_object o
where o.id = any (%(ids)s) and o.batch_id = %(batch_id)s and o.state not in ('quarantined', 'duplicate', 'gone')
order by o.id
for no key update
