-- Reviews that a later run answered: triage now lets the object pass, or another transcript is current.
with superseded as (
    update review_item r
    set closed_at = now(), resolution = 'superseded'
    from batch_item i
    join media_object o on o.id = i.media_object_id and o.batch_id = i.batch_id
    where i.batch_id = %(batch_id)s
      and r.media_object_id = i.media_object_id
      and r.closed_at is null
      and (
          (r.kind = 'triage' and i.decision = 'transcribe')
          or (r.kind = 'assessment' and exists (
              select from transcript t
              where t.audio_sha256 = o.audio_sha256 and t.is_current and t.id <> r.transcript_id
          ))
      )
    returning r.id
)
insert into review_event (review_id, actor, action, details)
select id, 'pipeline', 'closed', '{"resolution": "superseded"}' from superseded
