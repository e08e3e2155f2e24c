-- SPDX-License-Identifier: LGPL-2.1-or-later
create table big as select number, repeat('x', 1000) as text from generate_series(1, 5000) number;
