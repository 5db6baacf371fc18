-- Recordings that were set aside because their source was not configured, and now is.
update media_object
set state = 'claimed', batch_id = null, attempts = 0, not_before = null, reason_code = null, reason = null,
    reason_class = null, reason_stage = null
where state = 'quarantined' and reason_code = %(code)s and source = any (%(sources)s)
