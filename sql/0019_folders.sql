-- Folders of sources with a date in their prefix: which have been listed, so that days nobody looked at are not lost.

alter table source add column folders_until timestamptz;
comment on column source.folders_until is
    'Every interval of the source that ended by then had its folder listed, or began before the source was first listed.';
update source s set folders_until = (select max(l.listed_at) from listing l where l.source = s.name);
