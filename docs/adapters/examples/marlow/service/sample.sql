-- 60 items, 3 warehouses, 120 customers, their prices and stock, a few orders of the time before.
INSERT INTO stamps VALUES (0);
INSERT INTO warehouse VALUES ('EAST'), ('WEST'), ('NORTH');
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59)
INSERT INTO item SELECT 1000 + i, 'Item ' || (1000 + i), 'G' || (i % 4), 'PCS', 50000 + i * 7500 FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 119)
INSERT INTO card (cust_no, name, kind, street, zip, city, ctry, mail, phone, cur, price_grp, stamp, at)
SELECT 'C' || (10000 + i), CASE i % 3 WHEN 0 THEN 'Company ' ELSE 'Person ' END || i, CASE i % 3 WHEN 0 THEN '2' ELSE '1' END,
       'Street ' || i, 10000 + i, 'Berlin', 'DE', 'customer' || i || '@example.com', '+49 30 ' || i, 'EUR',
       CASE i % 2 WHEN 0 THEN 'VIP' ELSE 'RETAIL' END, i + 1, '2026-10-01T08:00:00Z'
  FROM n;
INSERT INTO stock_entry (doc_no, item_no, whse, qty, at, by)
SELECT 'OPENING', item_no, whse, 100 + 0.1 * (item_no % 7), '2026-10-01T08:00:00Z', 'STOCKTAKE'
  FROM item, warehouse ORDER BY item_no, whse;
INSERT INTO price_rule
SELECT item_no, 'G', 'VIP', item_no, '2026-01-01', NULL, 0, price * 9 / 10, 'VIP: 10% off group 0' FROM item WHERE grp = 'G0';
INSERT INTO price_rule
SELECT item_no + 10000, 'A', '', item_no, '2026-01-01', '2035-12-31', 10, price * 95 / 100, '5% from ten on'
  FROM item WHERE grp = 'G1';
INSERT INTO price_rule VALUES (1, 'C', 'C10000', '1003', '2026-01-01', NULL, 0, 65000, 'agreed with C10000');
INSERT INTO price_state VALUES (1, '2026-10-01T08:00:00Z');
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
INSERT INTO orders (ord_no, cust_no, ord_date, cur, gross, state, ship, stamp, at)
SELECT 4700 + i, 'C' || (10020 + i), '2026-10-01', 'EUR', 'N', CASE i WHEN 5 THEN '90' WHEN 0 THEN '20' ELSE '10' END, '{}',
       120 + i, '2026-10-01T09:00:00Z'
  FROM n;
INSERT INTO line (ord_no, pos, item_no, unit, whse, qty, price, disc, net, tax)
SELECT ord_no, 1, 1040 + ord_no - 4700, 'PCS', 'NORTH', 2, 95000, 0, 1900, 361 FROM orders;
UPDATE stamps SET last = 200;
