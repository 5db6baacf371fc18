select p.id, p.bucket, p.key, p.state in ('quarantined', 'gone') or p.audio_sha256 is distinct from r.audio_sha256 as lost
from recording r
join media_object p on p.id = r.primary_object_id
where r.audio_sha256 = %(audio_sha256)s
for update of r
