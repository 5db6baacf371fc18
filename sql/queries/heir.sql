-- The oldest other existing object with this audio.
select id, state from media_object
where audio_sha256 = %(audio_sha256)s and id <> %(id)s and state not in ('gone', 'quarantined')
order by (state = 'duplicate'), id
limit 1
for no key update
