-- A separate statement after the lock of the recording's row, because a join that waits for a lock would read the
-- objects as they were before the wait. A newer object under the key of the primary replaces it.
select p.id, p.bucket, p.key,
       p.state in ('quarantined', 'gone')
       or p.audio_sha256 is distinct from r.audio_sha256
       or ((p.bucket, p.key) = (o.bucket, o.key) and p.last_modified <= o.last_modified) as lost
from recording r
join media_object p on p.id = r.primary_object_id
join media_object o on o.id = %(id)s
where r.audio_sha256 = %(audio_sha256)s
