insert into batch_item_stage (batch_id, media_object_id, stage, fingerprint, summary)
values %s
on conflict (batch_id, media_object_id, stage)
do update set fingerprint = excluded.fingerprint, summary = excluded.summary
