-- The cost of each stage for the same recordings, including failed attempts.
with recent as (
    select id from batch
    where finished_at > now() - %(days)s * interval '1 day' and (%(source)s::text is null or source = %(source)s)
    order by id desc
    limit %(limit)s
), arrived as (
    select distinct s.batch_id, s.media_object_id
    from stage_run s join recent on recent.id = s.batch_id
    where s.stage = 'normalize' and s.status = 'done'
)
select s.stage, sum(s.wall_s) as wall_s, sum(s.cpu_s) as cpu_s, sum(s.gpu_s) as gpu_s
from arrived join stage_run s using (batch_id, media_object_id)
where s.status <> 'cached'
group by s.stage
order by min(s.id)
