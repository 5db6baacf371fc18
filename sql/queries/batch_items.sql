-- Items that are still in this batch (not requeued) and in a state that leads to a transcript.
select
    o.id as media_object_id, o.source, o.bucket, o.key, o.etag, o.version_id, o.size, o.last_modified, o.audio_sha256,
    coalesce(jsonb_object_agg(s.stage, s.fingerprint) filter (where s.stage is not null), '{}') as upstream,
    coalesce(jsonb_object_agg(s.stage, s.summary) filter (where s.stage is not null), '{}') as summaries,
    i.decision, i.decision_reasons
from batch_item i
join media_object o on o.id = i.media_object_id and o.batch_id = i.batch_id
left join batch_item_stage s on s.batch_id = i.batch_id and s.media_object_id = i.media_object_id
where i.batch_id = %(batch_id)s
  and o.state not in ('quarantined', 'duplicate', 'gone')
  and (%(decision)s::text is null or i.decision = %(decision)s)
group by o.id, i.batch_id, i.media_object_id
having count(*) filter (where s.stage = any (%(passed)s::text[])) = cardinality(%(passed)s::text[])
order by i.position
