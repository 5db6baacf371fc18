select id, source, bucket, key, etag, version_id, size, state, reason_code, reason, audio_sha256, reason_class, attempts, not_before
from media_object
where id > %(after_id)s
  and (%(ids)s::bigint[] is null or id = any (%(ids)s::bigint[]))
  and (%(source)s::text is null or source = %(source)s)
  and (%(states)s::text[] is null or state = any (%(states)s::text[]))
  and (%(bucket)s::text is null or bucket = %(bucket)s)
  and (%(key)s::text is null or key = %(key)s)
  and (%(key_prefix)s::text is null or starts_with(key, %(key_prefix)s))
  and (%(audio_sha256)s::text is null or audio_sha256 = %(audio_sha256)s)
  and (%(batch_id)s::bigint is null or batch_id = %(batch_id)s)
order by id
limit %(limit)s
