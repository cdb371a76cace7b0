-- Marlow's own tables. Prices are kept in ten-thousandths, amounts in hundredths; keys are padded.
CREATE TABLE warehouse (whse TEXT PRIMARY KEY);
CREATE TABLE item (
  item_no TEXT PRIMARY KEY, descr TEXT NOT NULL, grp TEXT NOT NULL, unit TEXT NOT NULL, price INTEGER NOT NULL);
CREATE TABLE card (
  cust_no TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, street TEXT, street2 TEXT, zip TEXT, city TEXT,
  region TEXT, ctry TEXT, mail TEXT, phone TEXT, cur TEXT NOT NULL, price_grp TEXT, block TEXT NOT NULL DEFAULT '0',
  vers INTEGER NOT NULL DEFAULT 1, stamp INTEGER NOT NULL, at TEXT NOT NULL);
-- state: 10 new, 20 released, 80 invoiced, 90 cancelled. Nothing makes ext_ref unique.
CREATE TABLE orders (
  ord_no INTEGER PRIMARY KEY AUTOINCREMENT, ext_ref TEXT, cust_no TEXT NOT NULL, cust_ref TEXT, ord_date TEXT NOT NULL,
  req_date TEXT, cur TEXT NOT NULL, gross TEXT NOT NULL, state TEXT NOT NULL DEFAULT '10', reason TEXT, ship TEXT NOT NULL,
  vers INTEGER NOT NULL DEFAULT 1, stamp INTEGER NOT NULL, at TEXT NOT NULL);
CREATE INDEX orders_by_ref ON orders (ext_ref);
CREATE TABLE line (
  ord_no INTEGER NOT NULL, pos INTEGER NOT NULL, item_no TEXT NOT NULL, descr TEXT, unit TEXT NOT NULL, whse TEXT NOT NULL,
  req_date TEXT, qty REAL NOT NULL, shipped REAL NOT NULL DEFAULT 0, invoiced REAL NOT NULL DEFAULT 0,
  price INTEGER NOT NULL, disc INTEGER NOT NULL, promo TEXT, promo_ver INTEGER, net INTEGER NOT NULL, tax INTEGER NOT NULL,
  PRIMARY KEY (ord_no, pos));
CREATE TABLE charge (ord_no INTEGER NOT NULL, kind TEXT NOT NULL, code TEXT, amt INTEGER NOT NULL, tax INTEGER NOT NULL);
CREATE TABLE delivery (del_no INTEGER PRIMARY KEY AUTOINCREMENT, ord_no INTEGER NOT NULL, date TEXT NOT NULL);
CREATE TABLE delivery_line (del_no INTEGER NOT NULL, pos INTEGER NOT NULL, item_no TEXT NOT NULL, qty REAL NOT NULL);
CREATE TABLE invoice (
  inv_no INTEGER PRIMARY KEY AUTOINCREMENT, ord_no INTEGER NOT NULL, date TEXT NOT NULL, amt INTEGER NOT NULL);
-- Returns. state: 10 announced, 40 back in the warehouse, 80 credited.
CREATE TABLE ret (
  ret_no INTEGER PRIMARY KEY AUTOINCREMENT, ext_ref TEXT, ord_ref TEXT, inv_no TEXT, cust_no TEXT NOT NULL,
  ret_date TEXT NOT NULL, cur TEXT NOT NULL, gross TEXT NOT NULL, state TEXT NOT NULL DEFAULT '10');
CREATE TABLE ret_line (
  ret_no INTEGER NOT NULL, pos INTEGER NOT NULL, item_no TEXT NOT NULL, descr TEXT, unit TEXT, whse TEXT,
  qty REAL NOT NULL, price INTEGER NOT NULL, disc INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE stock_entry (
  entry_no INTEGER PRIMARY KEY AUTOINCREMENT, doc_no TEXT NOT NULL, item_no TEXT NOT NULL, whse TEXT NOT NULL,
  qty REAL NOT NULL, reason TEXT, at TEXT NOT NULL, by TEXT NOT NULL);
CREATE INDEX entries_by_item ON stock_entry (item_no, whse);
CREATE TABLE price_rule (
  rule_no INTEGER PRIMARY KEY, for_whom TEXT NOT NULL, code TEXT NOT NULL, item_no TEXT NOT NULL, valid_from TEXT NOT NULL,
  valid_to TEXT, min_qty REAL NOT NULL, amt INTEGER NOT NULL, txt TEXT NOT NULL);
CREATE TABLE price_state (batch INTEGER NOT NULL, created TEXT NOT NULL);
CREATE TABLE stamps (last INTEGER NOT NULL);
