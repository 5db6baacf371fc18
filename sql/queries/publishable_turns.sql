select
    u.turn_index as index, u.start_s as start, u.end_s as end, u.speaker, u.language, u.text, u.confidence,
    coalesce(m.entities, '{}') as entities, coalesce(m.topics, '{}') as topics, w.starts as word_starts, w.spoken, w.spoken_starts
from turn u
left join (
    select mention.turn_index,
           array_agg(distinct topic.text) filter (where topic.kind = 'entity') as entities,
           array_agg(distinct topic.text) filter (where topic.kind = 'phrase') as topics
    from topic_mention mention
    join topic using (transcript_id, topic_index)
    where mention.transcript_id = %(transcript_id)s
    group by mention.turn_index
) m on m.turn_index = u.turn_index
join (
    select turn_index,
           array_agg(start_s order by word_index) filter (where shown) as starts,
           case when not bool_and(shown) then string_agg(text, ' ' order by word_index) end as spoken,
           case when not bool_and(shown) then array_agg(start_s order by word_index) end as spoken_starts
    from word where transcript_id = %(transcript_id)s
    group by turn_index
) w on w.turn_index = u.turn_index
where u.transcript_id = %(transcript_id)s
order by u.turn_index
