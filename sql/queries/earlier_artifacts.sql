-- Artifacts of a stage for the items of a batch, from the latest successful run for the current audio.
select distinct on (s.media_object_id) s.media_object_id, s.fingerprint
from media_object o
join stage_run s on s.media_object_id = o.id and s.audio_sha256 = o.audio_sha256
where o.batch_id = %(batch_id)s and s.stage = %(stage)s and s.status <> 'failed'
order by s.media_object_id, s.id desc
