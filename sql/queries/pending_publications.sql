-- Only the newest of each recording, because older ones are out of date. Failed ones come after the others, and not
-- before their wait is over, unless one batch or certain recordings are requested.
select p.id, p.transcript_id, p.audio_sha256, p.attempts, p.last_error, p.kind
from publication p
where p.published_at is null
  and not exists (select from publication newer where newer.audio_sha256 = p.audio_sha256 and newer.id > p.id)
  and (%(batch_id)s::bigint is not null or %(audios)s::text[] is not null or p.not_before <= now())
  and (%(audios)s::text[] is null or p.audio_sha256 = any (%(audios)s::text[]))
  and (
      %(batch_id)s::bigint is null
      or exists (
          select from media_object o
          where o.audio_sha256 = p.audio_sha256 and o.batch_id = %(batch_id)s and o.state <> 'duplicate'
      )
  )
order by p.attempts, p.id
limit %(limit)s
