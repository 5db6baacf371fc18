-- A failed check of an existing copy does not change its state.
update episode set
    attempts = attempts + 1, checked_at = now(), updated_at = now(),
    reason_class = %(failure_class)s, reason_code = %(code)s, reason = %(message)s,
    not_before = case when state = 'wanted' then now() + make_interval(secs => %(wait_s)s) end,
    state = case when state = 'wanted' and %(last)s then 'failed' else state end
where id = %(id)s and state <> 'erased'
