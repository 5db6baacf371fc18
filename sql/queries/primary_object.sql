-- After the recording's row was locked, in a statement of its own: a join that waits for a lock would look for the new
-- primary among the objects as they were before the wait.
select p.id, p.bucket, p.key, p.state in ('quarantined', 'gone') or p.audio_sha256 is distinct from r.audio_sha256 as lost
from recording r
join media_object p on p.id = r.primary_object_id
where r.audio_sha256 = %(audio_sha256)s
