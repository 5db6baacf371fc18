-- New recordings of the latest finished batches: recordings, batches, seconds of audio, copies of known audio, and the
-- range of work per second of audio of 80 percent of the batches.
with recent as (
    select id from batch
    where finished_at > now() - %(days)s * interval '1 day' and (%(source)s::text is null or source = %(source)s)
    order by id desc
    limit %(limit)s
), arrived as (
    select s.batch_id, s.media_object_id, max(s.audio_s) as audio_s
    from stage_run s join recent on recent.id = s.batch_id
    where s.stage = 'normalize' and s.status = 'done'
    group by 1, 2
), worked as (
    select a.batch_id, sum(s.wall_s) as wall_s
    from arrived a join stage_run s using (batch_id, media_object_id)
    where s.status <> 'cached'
    group by 1
), whole as (
    select a.batch_id, count(*) as recordings, sum(a.audio_s) as audio_s,
           count(*) filter (where r.primary_object_id <> a.media_object_id) as copies, min(w.wall_s) as wall_s
    from arrived a
    join worked w on w.batch_id = a.batch_id
    join media_object o on o.id = a.media_object_id
    left join recording r on r.audio_sha256 = o.audio_sha256
    group by 1
)
select coalesce(sum(recordings), 0)::bigint as recordings, count(*) as batches, coalesce(sum(audio_s), 0) as audio_s,
       coalesce(sum(copies), 0)::bigint as copies,
       percentile_cont(0.1) within group (order by wall_s / audio_s) as low,
       percentile_cont(0.9) within group (order by wall_s / audio_s) as high
from whole
where audio_s > 0
