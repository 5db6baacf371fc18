-- Restore the state before the object was requeued, and take it out of the batch that failed. If the batch computed
-- other audio, the object gets the audio of its current transcript again.
update media_object o
set state = %(state)s, batch_id = null, reason_code = %(code)s, reason = %(reason)s, reason_class = null,
    reason_stage = %(stage)s,
    audio_sha256 = coalesce((
        select r.audio_sha256 from recording r join transcript t on t.audio_sha256 = r.audio_sha256 and t.is_current
        where r.primary_object_id = o.id
        order by (select max(p.id) from publication p where p.transcript_id = t.id) desc nulls last, t.id desc
        limit 1
    ), o.audio_sha256)
where o.id = %(id)s
