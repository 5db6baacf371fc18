-- Only the newest of each recording: what an older one says is out of date. Those that failed come after the others.
select p.id, p.transcript_id, p.audio_sha256, p.attempts, p.last_error
from publication p
where p.published_at is null
  and not exists (select from publication newer where newer.audio_sha256 = p.audio_sha256 and newer.id > p.id)
  and (
      %(batch_id)s::bigint is null
      or exists (
          select from media_object o
          where o.audio_sha256 = p.audio_sha256 and o.batch_id = %(batch_id)s and o.state <> 'duplicate'
      )
  )
order by p.attempts, p.id
limit %(limit)s
