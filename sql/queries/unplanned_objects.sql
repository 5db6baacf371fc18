-- The conditions stand on the locked row itself: a planner that comes second checks them again on the newest version.
select id, key, size
from media_object
where source = %(source)s and state = 'claimed' and batch_id is null
order by id
limit %(limit)s
for update skip locked
