insert into stage_run (
    batch_id, media_object_id, audio_sha256, stage, status, engine, fingerprint, wall_s, cpu_s, gpu_s, peak_mb, audio_s,
    summary, error_kind, error_code, error_message
)
values %s
