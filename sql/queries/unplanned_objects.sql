-- The conditions are on the locked row itself, so that a second planner checks them again on its newest version.
select id, key, size, lane, attempts, reason_code as code, reason_class as failure_class
from media_object
where source = %(source)s and state = 'claimed' and batch_id is null and (not_before is null or not_before <= now())
order by id
limit %(limit)s
for update skip locked
