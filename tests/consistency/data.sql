-- The nasty data, as plain DuckDB holds it; `world.py` copies it into every source.

create table nums (id bigint, k bigint, i bigint, j bigint, d decimal(10, 2), f double);
insert into nums values
  (1, 1, 0, 3, 0.00, 0.0),
  (2, 1, 1, -3, 0.01, 0.5),
  (3, 2, -1, 2, -0.01, -0.5),
  (4, 2, 5, -2, 2.50, 2.5),
  (5, 3, -5, 2, -2.50, -2.5),
  (6, null, 7, 0, 3.50, 3.5),
  (7, null, -7, null, 99999999.99, 1e300),
  (8, 4, 9007199254740993, 1, -99999999.99, -1e300),
  (9, 5, 9223372036854775807, 1, 0.05, 9007199254740992.0),
  (10, 5, -9223372036854775808, 10, 0.15, 1e-300),
  (11, 6, null, 7, null, null),
  (12, 7, 100, 7, 1.25, 0.25),
  (13, 7, 100, 7, 1.35, 0.25);

create table widths (id bigint, i16 smallint, i32 integer, f32 float, n4 decimal(4, 1), n18 decimal(18, 6), n38 decimal(38, 10));
insert into widths values
  (1, 0, 0, 0, 0.0, 0, 0),
  (2, 32767, 2147483647, 0.1, 999.9, 999999999999.999999, 9999999999999999999999999999.9999999999),
  (3, -32768, -2147483648, -0.1, -999.9, -999999999999.999999, -9999999999999999999999999999.9999999999),
  (4, 7, 16777217, 16777216, 0.5, 0.000001, 0.0000000001),
  (5, null, null, null, null, null, null),
  (6, -7, 2, 1.5, -0.5, 123456789.5, 12345678901234567890.0987654321),
  (7, 7, 2, 1.5, 1.5, 2.5, 2.5);

create table floats (id bigint, k bigint, x double);
insert into floats values
  (1, 1, 'nan'), (2, 1, 'inf'), (3, 2, '-inf'), (4, 2, -0.0), (5, 3, 0.0), (6, null, null), (7, 3, 1.5), (8, 4, 'nan'),
  (9, 4, 5e-324), (10, 5, 1.7976931348623157e308), (11, 5, 0.1), (12, 5, 0.30000000000000004);

create table words (id bigint, k bigint, s varchar, w varchar);
insert into words values
  (1, 1, 'a', 'a'),
  (2, 1, 'A', 'A'),
  (3, 2, 'a ', 'a '),
  (4, 2, ' a', ' a'),
  (5, 3, '', ''),
  (6, null, null, null),
  (7, 4, 'straße', 'Straße'),
  (8, 4, 'STRASSE', 'strasse'),
  (9, 5, 'é', 'é'),
  (10, 5, chr(101) || chr(769), chr(101) || chr(769)),
  (11, 6, 'É', 'É'),
  (12, 6, '🐦', '🐦x'),
  (13, 7, '日本', '日本語'),
  (14, 7, 'a%', 'a_'),
  (15, 8, 'a_b', 'a%b'),
  (16, 8, 'a\b', '\'),
  (17, 9, 'it''s', '"q"'),
  (18, 9, '10', '9'),
  (19, null, 'ab', 'AB'),
  (20, 10, 'aB', 'Ab'),
  (21, 10, 'z', 'Z'),
  (22, 11, 'ä', 'z'),
  (23, 11, 'Zebra', 'apple'),
  (24, 12, 'tab' || chr(9) || 'x', 'i'),
  (25, 12, 'İI', 'ı'),
  (26, null, 'a', null),
  (27, 13, '-1', ' 7 '),
  (28, 13, '2020-02-29', '1e3');

create table days (id bigint, k bigint, day date, t timestamp);
insert into days values
  (1, 1, '1970-01-01', '1970-01-01 00:00:00'),
  (2, 1, '1969-12-31', '1969-12-31 23:59:59.999999'),
  (3, 2, '1900-02-28', '1900-02-28 12:00:00.5'),
  (4, 2, '2000-02-29', '2000-02-29 00:00:00'),
  (5, 3, '2013-03-10', '2013-03-10 02:30:00'),
  (6, 3, '2013-11-03', '2013-11-03 01:30:00'),
  (7, null, '2024-12-30', '2024-12-30 23:59:59.999999'),
  (8, 4, '2025-01-01', '2025-01-01 00:00:00.000001'),
  (9, 4, null, null),
  (10, 5, '1582-10-15', '1582-10-15 06:00:00'),
  (11, 6, '9999-12-31', '9999-12-31 23:59:59'),
  (12, 7, '2024-01-31', '2024-01-31 10:20:30.123456'),
  (13, 7, '2024-03-31', '2024-03-31 02:30:00');

create table moments (id bigint, k bigint, z timestamptz);
insert into moments values
  (1, 1, '1970-01-01 00:00:00+00'),
  (2, 1, '1969-12-31 23:59:59.999999+00'),
  (3, 2, '2013-03-10 06:59:59+00'),
  (4, 2, '2013-03-10 07:00:00+00'),
  (5, 3, '2013-11-03 05:30:00+00'),
  (6, 3, '2013-11-03 06:30:00+00'),
  (7, 4, null),
  (8, 4, '1900-01-01 00:00:00+00'),
  (9, 5, '2024-03-31 00:59:59.999999+00'),
  (10, 5, '2024-03-31 01:00:00+00'),
  (11, null, '2024-12-31 23:30:00+00'),
  (12, 6, '2040-06-15 12:00:00.123456+00');

create table clock as select * from moments where z is null or z between '1970-01-02 00:00:00+00' and '2038-01-01 00:00:00+00';

create table flags (id bigint, k bigint, b boolean, c boolean);
insert into flags values
  (1, 1, true, true), (2, 1, true, false), (3, 2, true, null), (4, 2, false, true), (5, 3, false, false),
  (6, 3, false, null), (7, null, null, true), (8, 4, null, false), (9, 4, null, null);

create table bytes (id bigint, raw blob);
insert into bytes values (1, ''::blob), (2, '\x00'::blob), (3, '\x00\xFF'::blob), (4, 'abc'::blob), (5, null), (6, 'ab'::blob), (7, '\xF0'::blob);

create table docs (id bigint, k bigint, doc varchar);
insert into docs values
  (1, 1, '{"a": 1, "b": [1, 2, null], "c": {"d": "x"}}'),
  (2, 1, '{"a": "1", "b": []}'),
  (3, 2, 'null'),
  (4, 2, null),
  (5, 3, '[1, 2.5, "three", true]'),
  (6, 4, '{"a": null, "ü": "é"}'),
  (7, 5, '"plain"'),
  (8, null, '{"a": 1.0, "a": 2}');

create table lists (id bigint, l bigint[], p struct(x bigint, y varchar));
insert into lists values
  (1, [1, 2, 3], {x: 1, y: 'a'}),
  (2, [], {x: null, y: ''}),
  (3, null, null),
  (4, [null, 5], {x: 2, y: null}),
  (5, [3, 1, 2, 3], {x: 1, y: 'b'});

create table void (id bigint, k bigint, i bigint, d decimal(10, 2), f double, s varchar, day date, b boolean);

create table "Odd.Name" ("select" bigint, "Group" varchar, "a b" bigint, "a.b" bigint, "ü" varchar, "x""y" bigint, _1 bigint);
insert into "Odd.Name" values (1, 'g', 10, 100, 'é', 7, -1), (2, 'G', 20, 200, null, null, -2), (3, null, null, 300, '', 9, -3);

create table codes (id bigint, k bigint, u varchar, e varchar);
insert into codes values
  (1, 1, '00000000-0000-0000-0000-000000000001', 'small'),
  (2, 1, 'ffffffff-0000-4000-8000-000000000000', 'medium'),
  (3, 2, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'large'),
  (4, 2, null, null),
  (5, 3, '00000000-0000-0000-0000-000000000001', 'small'),
  (6, null, '12345678-1234-1234-1234-123456789012', 'large');

create table counts (id bigint, u8 utinyint, u64 ubigint);
insert into counts values (1, 0, 0), (2, 255, 18446744073709551615), (3, 7, 9223372036854775808), (4, null, null), (5, 5, 100);
