-- Claim seen objects, and gone objects that exist again, but not an old version that is announced late, after a newer
-- one of the same key. Rows locked by another claimer are skipped.
with back as (
    select o.id, v.source, v.version_id, v.size::bigint, v.last_modified::timestamptz, v.lane::text
    from (values %s) as v (source, bucket, key, etag, version_id, size, last_modified, lane)
    join media_object o on (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag)
    where o.state in ('seen', 'gone')
      and not exists (
          select from media_object newer
          where (newer.bucket, newer.key) = (o.bucket, o.key) and newer.id <> o.id and newer.state <> 'gone'
            and newer.last_modified > v.last_modified::timestamptz
      )
    order by o.id
    for no key update of o skip locked
)
update media_object o
set state = 'claimed', source = back.source, version_id = back.version_id, size = back.size,
    last_modified = back.last_modified, lane = back.lane, claimed_at = now(), batch_id = null, attempts = 0,
    not_before = null, reason_code = null, reason = null, reason_class = null, reason_stage = null
from back
where o.id = back.id and o.state in ('seen', 'gone')
returning o.id, o.source, o.bucket, o.key, o.etag, o.version_id, o.size, o.state, o.reason_code, o.reason, o.audio_sha256, o.reason_class, o.attempts, o.not_before
