select id, batch_id, stage, status, engine, wall_s, cpu_s, gpu_s, peak_mb, audio_s,
       error_kind as failure_class, error_code as code, recorded_at
from stage_run where media_object_id = %(id)s order by id
