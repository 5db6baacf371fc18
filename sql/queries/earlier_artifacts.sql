-- What the items of a batch have of a stage, each from its latest run that did not fail, for the audio that it has now.
select distinct on (s.media_object_id) s.media_object_id, s.fingerprint
from media_object o
join stage_run s on s.media_object_id = o.id and s.audio_sha256 = o.audio_sha256
where o.batch_id = %(batch_id)s and s.stage = %(stage)s and s.status <> 'failed'
order by s.media_object_id, s.id desc
