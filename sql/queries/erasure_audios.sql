-- Every audio that these objects ever had: with other settings of normalize an object has another audio.
select distinct r.audio_sha256
from recording r
where r.audio_sha256 in (select audio_sha256 from media_object where id = any (%(objects)s))
   or r.audio_sha256 in (select audio_sha256 from stage_run where media_object_id = any (%(objects)s))
   or r.audio_sha256 in (select audio_sha256 from transcript where media_object_id = any (%(objects)s))
   or r.primary_object_id = any (%(objects)s)
order by r.audio_sha256
