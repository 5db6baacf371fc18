-- Requeue the object out of its batch, in its lane.
update media_object o
set state = 'claimed', batch_id = null, attempts = %(attempts)s, not_before = now() + make_interval(secs => %(wait_s)s),
    lane = (select b.lane from batch b where b.id = o.batch_id),
    reason_code = %(code)s, reason = %(message)s, reason_class = %(failure_class)s, reason_stage = %(stage)s
where o.id = %(id)s
