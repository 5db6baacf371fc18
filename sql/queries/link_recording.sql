insert into recording (audio_sha256, primary_object_id, duration_s, title, facts)
values (%(audio_sha256)s, %(id)s, %(duration_s)s, %(title)s, %(facts)s)
on conflict (audio_sha256) do nothing
