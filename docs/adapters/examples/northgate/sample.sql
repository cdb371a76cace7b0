-- Sample data of Northgate: 60 articles, 3 warehouses, 120 customers, their prices and stock.
SET search_path TO "Northgate";
INSERT INTO "Warehouse" VALUES ('EAST'), ('WEST'), ('NORTH');
INSERT INTO "Article"
SELECT (1000 + n)::text, 'Article ' || (1000 + n), 'G' || (n % 4), 'PCS', 5 + n * 0.75
  FROM generate_series(0, 59) n;
INSERT INTO "Customer" ("Cust No", "Name", "Kind", "Street", "Zip", "City", "Country", "E-Mail",
                        "Phone", "Currency", "Price Group")
SELECT 'C' || (10000 + n), CASE n % 3 WHEN 0 THEN 'Company ' ELSE 'Person ' END || n,
       CASE n % 3 WHEN 0 THEN 'C' ELSE 'P' END, 'Street ' || n, lpad((10000 + n)::text, 5, '0'),
       'Berlin', 'DE', 'customer' || n || '@example.com', '+49 30 ' || n, 'EUR',
       CASE n % 2 WHEN 0 THEN 'VIP' ELSE 'RETAIL' END
  FROM generate_series(0, 119) n;
INSERT INTO "Movement" ("Art No", "Whse", "Qty", "Doc No", "Kind")
SELECT a."Art No", w."Whse", 100 + 0.1 * (a."Art No"::integer % 7), 'OPENING', 'A'
  FROM "Article" a, "Warehouse" w ORDER BY 1, 2;
INSERT INTO "Price Rule" ("Rule No", "For", "Code", "Art No", "Art Group", "From", "To", "Min Qty",
                          "Percent", "Fixed", "Text") VALUES
  (1, 'G', 'VIP', NULL, 'G0', '2026-01-01', NULL, 0, 10, NULL, 'VIP: 10% off group 0'),
  (2, 'C', 'C10000', '1003', NULL, '2026-01-01', NULL, 0, NULL, 6.5000, 'agreed with C10000'),
  (3, 'A', '', NULL, 'G1', '2026-01-01', '2035-12-31', 10, 5, NULL, '5% from ten on');
-- Orders of the time before: four are open, one of them in part shipped; one is posted, one cancelled.
INSERT INTO "Order Head" ("Co", "Order Type", "Order No", "Cust No", "Order Date", "Currency", "Gross", "State")
SELECT '001', 'SO', lpad((100 + n)::text, 8, '0'), 'C' || (10020 + n), '2026-10-01', 'EUR', 'N',
       CASE WHEN n < 2 THEN 'R' ELSE 'N' END
  FROM generate_series(0, 5) n;
INSERT INTO "Order Line" ("Co", "Order Type", "Order No", "Line", "Art No", "Unit", "Whse", "Qty", "Price", "Net", "Tax")
SELECT '001', 'SO', lpad((100 + n)::text, 8, '0'), 1, (1040 + n)::text, 'PCS', 'NORTH', 2 + n, 9.5, 0, 0
  FROM generate_series(0, 5) n;
SELECT ship('00000100', true);
SELECT ship('00000101', false);
SELECT invoice('00000101');
UPDATE "Order Head" SET "State" = 'C' WHERE "Order No" = '00000105';
