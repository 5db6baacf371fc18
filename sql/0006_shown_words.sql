-- A turn's readable text may have fewer tokens than words: "twenty five" is read as "25", and "um" may be left out.

alter table word add column shown boolean not null default true;
comment on column word.shown is
    'A token of turn.text begins with this word; the nth token begins with the nth shown word of the turn.';
