-- One row per object: its state, and its costs over all attempts and stages.
select
    o.id as media_object_id, o.source, o.key, o.state,
    r.duration_s as duration,
    coalesce(t.language, (
        select s.summary ->> 'language' from batch_item_stage s
        where s.media_object_id = o.id and s.batch_id = o.batch_id and s.stage = 'identify_language'
    )) as language,
    cardinality(t.speakers) as speakers, t.word_count as words, t.confidence, t.recogniser, o.reason_code, o.reason,
    coalesce(cost.wall_s, 0) as wall_s, coalesce(cost.cpu_s, 0) as cpu_s, coalesce(cost.gpu_s, 0) as gpu_s,
    coalesce(cost.peak_mb, 0) as peak_mb
from media_object o
left join recording r on r.audio_sha256 = o.audio_sha256
left join transcript t on t.audio_sha256 = o.audio_sha256 and t.is_current
left join lateral (
    select sum(s.wall_s) as wall_s, sum(s.cpu_s) as cpu_s, sum(s.gpu_s) as gpu_s, max(s.peak_mb) as peak_mb
    from stage_run s where s.media_object_id = o.id
) cost on true
where (%(source)s::text is null or o.source = %(source)s)
  and (%(batch_id)s::bigint is null or exists (
      select from batch_item i where i.media_object_id = o.id and i.batch_id = %(batch_id)s
  ))
order by o.source, o.key, o.id
limit %(limit)s
