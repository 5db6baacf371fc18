insert into transcript (
    audio_sha256, media_object_id, version, fingerprint, start_s, end_s, language, language_confidence, recogniser, fallback,
    confidence, coverage, needs_review, reasons, speakers, turn_count, word_count
)
values (
    %(audio_sha256)s, %(media_object_id)s,
    (select coalesce(max(version), 0) + 1 from transcript where audio_sha256 = %(audio_sha256)s),
    %(fingerprint)s, %(start_s)s, %(end_s)s, %(language)s, %(language_confidence)s, %(recogniser)s, %(fallback)s,
    %(confidence)s, %(coverage)s, %(needs_review)s, %(reasons)s, %(speakers)s, %(turn_count)s, %(word_count)s
)
returning id
