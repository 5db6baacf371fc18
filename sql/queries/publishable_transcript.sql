select
    t.audio_sha256, t.id as transcript_id, (select max(p.id) from publication p where p.transcript_id = t.id) as version,
    o.source, o.bucket, o.key, coalesce(e.title, r.title) as title, t.language, t.recogniser, r.duration_s as duration,
    t.start_s as start, t.end_s as end, coalesce(e.published_at, o.last_modified) as published_at, t.confidence, t.needs_review, o.metadata
from transcript t
join recording r on r.audio_sha256 = t.audio_sha256
join media_object o on o.id = r.primary_object_id
left join episode e on (e.bucket, e.key) = (o.bucket, o.key)
where t.id = %(transcript_id)s
