-- Only objects that are not in work: without a batch, in a finished batch, or in a state out of their batch.
update media_object o
set state = 'claimed', batch_id = null, attempts = 0, not_before = null,
    reason_code = %(code)s, reason = %(reason)s, reason_class = null, reason_stage = null
where o.id = %(id)s
  and (
      %(in_progress)s
      or o.batch_id is null
      or o.state in ('quarantined', 'duplicate', 'in_review', 'gone')
      or exists (select from batch b where b.id = o.batch_id and b.finished_at is not null)
  )
