update media_object
set state = 'claimed', batch_id = null, attempts = 0, not_before = null, reason_code = 'promoted',
    reason = %(reason)s, reason_class = null, reason_stage = null
where id = %(heir)s
