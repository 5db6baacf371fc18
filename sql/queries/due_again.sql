-- Add the desired state of these recordings to the outbox again: the current transcript, or a withdrawal.
insert into publication (kind, transcript_id, audio_sha256)
select case when t.id is null then 'withdraw' else 'publish' end, t.id, r.audio_sha256
from recording r
left join transcript t on t.audio_sha256 = r.audio_sha256 and t.is_current
where r.audio_sha256 = any (%(audios)s)
order by r.audio_sha256
for no key update of r
