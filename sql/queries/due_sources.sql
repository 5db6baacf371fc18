-- Sources with objects to plan.
select distinct source
from media_object
where state = 'claimed' and batch_id is null and (not_before is null or not_before <= now())
order by source
