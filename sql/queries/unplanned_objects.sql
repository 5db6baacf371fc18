-- The conditions stand on the locked row itself: a planner that comes second checks them again on the newest version.
select id, key, size, lane, attempts, reason_code as code, reason_class as failure_class
from media_object
where source = %(source)s and state = 'claimed' and batch_id is null and (not_before is null or not_before <= now())
order by id
limit %(limit)s
for update skip locked
