-- Also settles all older publications of the recording, because Elasticsearch now has a newer version.
update publication p
set published_at = now(), last_error = null
from publication done
where done.id = %(id)s
  and p.audio_sha256 = done.audio_sha256
  and p.id <= done.id
  and p.published_at is null
