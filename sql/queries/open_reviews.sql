select r.id, r.media_object_id, r.kind, r.transcript_id, r.reasons, r.opened_at, o.source, o.bucket, o.key, o.audio_sha256
from review_item r
join media_object o on o.id = r.media_object_id
where r.closed_at is null
  and (%(source)s::text is null or o.source = %(source)s)
order by r.opened_at, r.id
