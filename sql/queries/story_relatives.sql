-- Other objects with the same audio, and other versions under the same key.
select r.id, r.bucket, r.key, r.etag, r.state, r.last_modified,
       coalesce(r.audio_sha256 = o.audio_sha256, false) as same_audio, (r.bucket, r.key) = (o.bucket, o.key) as same_key
from media_object o
join media_object r on r.id <> o.id and (r.audio_sha256 = o.audio_sha256 or (r.bucket, r.key) = (o.bucket, o.key))
where o.id = %(id)s
order by r.id
