-- Northgate: the database of a wholesaler's ERP, as an example of what profiles have to cope with:
-- names that must be quoted, composite and textual keys padded with blanks, quantities in floating
-- point, stock that exists as movements alone, prices as a list and rules, rows in an interface
-- table that a job works off. Triggers and functions stand for the ERP's own logic.
CREATE SCHEMA "Northgate";
SET search_path TO "Northgate";

CREATE TABLE "Warehouse" ("Whse" char(10) PRIMARY KEY);
CREATE TABLE "Article" (
  "Art No" char(20) PRIMARY KEY, "Text" varchar(80) NOT NULL, "Art Group" char(6) NOT NULL,
  "Unit" char(10) NOT NULL, "List Price" numeric(15,4) NOT NULL);
CREATE TABLE "Customer" (
  "Cust No" char(20) PRIMARY KEY, "Name" varchar(80) NOT NULL, "Kind" char(1) NOT NULL,
  "Street" varchar(50), "Street 2" varchar(50), "Zip" varchar(12), "City" varchar(40),
  "Region" varchar(20), "Country" char(2), "E-Mail" varchar(80), "Phone" varchar(30),
  "Currency" char(3) NOT NULL, "Price Group" char(10) NOT NULL DEFAULT '',
  "Stop" char(1) NOT NULL DEFAULT '', "Version" integer NOT NULL DEFAULT 1,
  "Stamp" bigint NOT NULL, "Changed At" timestamptz NOT NULL DEFAULT now());

CREATE SEQUENCE "Order Numbers" START 4711;
CREATE TABLE "Order Head" (
  "Co" char(3) NOT NULL, "Order Type" char(2) NOT NULL,
  "Order No" char(8) NOT NULL DEFAULT lpad(nextval('"Northgate"."Order Numbers"')::text, 8, '0'),
  "Ext Ref" varchar(35), "Cust No" char(20) NOT NULL REFERENCES "Customer", "Cust Ref" varchar(35),
  "Order Date" date NOT NULL, "Wanted" date, "Currency" char(3) NOT NULL, "Gross" char(1) NOT NULL,
  "State" char(1) NOT NULL DEFAULT 'N',  -- N new, R released, C cancelled, P posted
  "Ship Name" varchar(80), "Ship Street" varchar(50), "Ship Street 2" varchar(50),
  "Ship Zip" varchar(12), "Ship City" varchar(40), "Ship Region" varchar(20),
  "Ship Country" char(2), "Reason" varchar(60),
  "Version" integer NOT NULL DEFAULT 1, "Stamp" bigint NOT NULL,
  "Changed At" timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("Co", "Order Type", "Order No"));
-- The ERP itself keeps a channel's reference once: what is sent twice is refused.
CREATE UNIQUE INDEX "Order Head by Ext Ref" ON "Order Head" ("Co", "Ext Ref");
CREATE TABLE "Order Line" (
  "Co" char(3) NOT NULL, "Order Type" char(2) NOT NULL, "Order No" char(8) NOT NULL,
  "Line" integer NOT NULL, "Art No" char(20) NOT NULL REFERENCES "Article", "Text" varchar(80),
  "Unit" char(10) NOT NULL, "Whse" char(10) NOT NULL REFERENCES "Warehouse", "Wanted" date,
  "Qty" double precision NOT NULL, "Shipped" double precision NOT NULL DEFAULT 0,
  "Invoiced" double precision NOT NULL DEFAULT 0, "Price" numeric(15,4) NOT NULL,
  "Discount" numeric(15,2) NOT NULL DEFAULT 0, "Promotion" varchar(20),
  "Promotion Version" integer, "Net" numeric(15,2) NOT NULL, "Tax" numeric(15,2) NOT NULL,
  PRIMARY KEY ("Co", "Order Type", "Order No", "Line"),
  FOREIGN KEY ("Co", "Order Type", "Order No") REFERENCES "Order Head",
  CONSTRAINT "Not below what has shipped" CHECK ("Qty" >= "Shipped" - 0.0000001));
CREATE TABLE "Order Charge" (
  "Co" char(3) NOT NULL, "Order Type" char(2) NOT NULL, "Order No" char(8) NOT NULL,
  "Kind" char(10) NOT NULL CHECK ("Kind" IN ('FREIGHT', 'FEE', 'WRAP')), "Code" varchar(20),
  "Amount" numeric(15,2) NOT NULL, "Tax" numeric(15,2) NOT NULL,
  FOREIGN KEY ("Co", "Order Type", "Order No") REFERENCES "Order Head");

CREATE SEQUENCE "Shipment Numbers";
CREATE TABLE "Shipment" (
  "Ship No" char(10) PRIMARY KEY, "Co" char(3) NOT NULL, "Order Type" char(2) NOT NULL,
  "Order No" char(8) NOT NULL, "Ship Date" date NOT NULL);
CREATE TABLE "Shipment Line" (
  "Ship No" char(10) NOT NULL REFERENCES "Shipment", "Line" integer NOT NULL,
  "Art No" char(20) NOT NULL, "Qty" double precision NOT NULL, PRIMARY KEY ("Ship No", "Line"));
CREATE SEQUENCE "Invoice Numbers";
CREATE TABLE "Invoice" (
  "Inv No" char(10) PRIMARY KEY, "Co" char(3) NOT NULL, "Order Type" char(2) NOT NULL,
  "Order No" char(8) NOT NULL, "Inv Date" date NOT NULL, "Amount" numeric(15,2) NOT NULL);

-- Stock is nowhere but here.
CREATE TABLE "Movement" (
  "Entry" bigint PRIMARY KEY, "Art No" char(20) NOT NULL REFERENCES "Article",
  "Whse" char(10) NOT NULL REFERENCES "Warehouse", "Qty" double precision NOT NULL,
  "Doc No" char(20) NOT NULL, "Kind" char(1) NOT NULL,  -- S shipment, A adjustment, G goods issue
  "Reason" varchar(20), "Booked At" timestamptz NOT NULL DEFAULT now(),
  "Booked By" varchar(20) NOT NULL DEFAULT current_user);
-- Written by other systems, worked off by the ERP's job.
CREATE TABLE "Interface Movement" (
  "Doc No" char(20) PRIMARY KEY, "Art No" varchar(20), "Whse" varchar(10),
  "Qty" double precision NOT NULL, "Unit" varchar(10), "Reason" varchar(20),
  "State" char(1) NOT NULL DEFAULT 'N',  -- N new, D done, E in error
  "Message" varchar(200));

CREATE TABLE "Price Rule" (
  "Rule No" integer PRIMARY KEY, "For" char(1) NOT NULL,  -- A everybody, G a group, C a customer
  "Code" char(20) NOT NULL DEFAULT '', "Art No" char(20), "Art Group" char(6),
  "From" date NOT NULL, "To" date, "Min Qty" double precision NOT NULL DEFAULT 0,
  "Percent" numeric(5,2), "Fixed" numeric(15,4), "Text" varchar(60));
CREATE TABLE "Price State" ("Stamp" bigint NOT NULL, "Changed At" timestamptz NOT NULL);

-- Stamps rise in the order of commits: who has taken one holds the others up until it commits. A
-- reader of "everything above a stamp" then misses nothing.
CREATE SEQUENCE "Stamps";
CREATE FUNCTION stamp(kind integer) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7411, kind);
  RETURN nextval('"Northgate"."Stamps"');
END $$;

CREATE FUNCTION customer_saved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."Stamp" := "Northgate".stamp(1);
  NEW."Changed At" := now();
  IF TG_OP = 'UPDATE' THEN NEW."Version" := OLD."Version" + 1; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER saved BEFORE INSERT OR UPDATE ON "Customer" FOR EACH ROW
  EXECUTE FUNCTION customer_saved();

CREATE FUNCTION head_saved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stopped char(1);
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT "Stop" INTO stopped FROM "Northgate"."Customer" WHERE "Cust No" = NEW."Cust No";
    IF stopped IN ('A', 'S') THEN
      RAISE EXCEPTION 'customer % is blocked', trim(NEW."Cust No") USING ERRCODE = 'NG001';
    END IF;
  ELSE
    NEW."Version" := OLD."Version" + 1;
  END IF;
  NEW."Stamp" := "Northgate".stamp(2);
  NEW."Changed At" := now();
  RETURN NEW;
END $$;
CREATE TRIGGER saved BEFORE INSERT OR UPDATE ON "Order Head" FOR EACH ROW
  EXECUTE FUNCTION head_saved();

CREATE FUNCTION tax_of(amount numeric, gross char) RETURNS numeric LANGUAGE sql AS $$
  SELECT CASE gross WHEN 'Y' THEN round(amount - amount / 1.19, 2) ELSE round(amount * 0.19, 2) END
$$;
CREATE FUNCTION line_saved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gross char(1);
BEGIN
  SELECT "Gross" INTO gross FROM "Northgate"."Order Head" h
   WHERE h."Co" = NEW."Co" AND h."Order Type" = NEW."Order Type" AND h."Order No" = NEW."Order No";
  IF TG_TABLE_NAME = 'Order Line' THEN
    NEW."Net" := round(NEW."Qty"::numeric * NEW."Price", 2) - NEW."Discount";
    NEW."Tax" := "Northgate".tax_of(NEW."Net", gross);
  ELSE
    NEW."Tax" := "Northgate".tax_of(NEW."Amount", gross);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER saved BEFORE INSERT OR UPDATE ON "Order Line" FOR EACH ROW
  EXECUTE FUNCTION line_saved();
CREATE TRIGGER saved BEFORE INSERT OR UPDATE ON "Order Charge" FOR EACH ROW
  EXECUTE FUNCTION line_saved();

CREATE FUNCTION movement_booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."Entry" := "Northgate".stamp(3);
  RETURN NEW;
END $$;
CREATE TRIGGER booked BEFORE INSERT ON "Movement" FOR EACH ROW EXECUTE FUNCTION movement_booked();

CREATE FUNCTION prices_saved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "Northgate"."Price State";
  INSERT INTO "Northgate"."Price State" VALUES ("Northgate".stamp(4), now());
  RETURN NULL;
END $$;
CREATE TRIGGER saved AFTER INSERT OR UPDATE OR DELETE ON "Price Rule" FOR EACH STATEMENT
  EXECUTE FUNCTION prices_saved();
CREATE TRIGGER saved AFTER INSERT OR UPDATE OR DELETE ON "Article" FOR EACH STATEMENT
  EXECUTE FUNCTION prices_saved();

-- The job that works the interface off; here it runs at once.
CREATE FUNCTION interface_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    INSERT INTO "Northgate"."Movement" ("Art No", "Whse", "Qty", "Doc No", "Kind", "Reason")
    VALUES (NEW."Art No", NEW."Whse", NEW."Qty", NEW."Doc No", 'A', NEW."Reason");
    UPDATE "Northgate"."Interface Movement" SET "State" = 'D' WHERE "Doc No" = NEW."Doc No";
  EXCEPTION WHEN foreign_key_violation THEN
    UPDATE "Northgate"."Interface Movement"
       SET "State" = 'E', "Message" = 'unknown article or warehouse' WHERE "Doc No" = NEW."Doc No";
  END;
  RETURN NULL;
END $$;
CREATE TRIGGER job AFTER INSERT ON "Interface Movement" FOR EACH ROW
  EXECUTE FUNCTION interface_job();

-- What the ERP's own people do.
CREATE FUNCTION ship(order_no text, a_part boolean) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  line record;
  ship_no char(10) := 'SH' || lpad(nextval('"Northgate"."Shipment Numbers"')::text, 8, '0');
  amount double precision;
  shipped integer := 0;
BEGIN
  INSERT INTO "Northgate"."Shipment" SELECT ship_no, "Co", "Order Type", "Order No", current_date
    FROM "Northgate"."Order Head" WHERE "Order No" = order_no AND "State" = 'R';
  IF NOT FOUND THEN RAISE EXCEPTION 'order % is not released', order_no; END IF;
  FOR line IN SELECT * FROM "Northgate"."Order Line" WHERE "Order No" = order_no AND "Qty" > "Shipped"
              ORDER BY "Line" LOOP
    amount := line."Qty" - line."Shipped";
    IF a_part THEN amount := CASE WHEN amount > 1 THEN 1 ELSE amount / 2 END; END IF;
    UPDATE "Northgate"."Order Line" SET "Shipped" = "Shipped" + amount
     WHERE "Order No" = order_no AND "Line" = line."Line";
    INSERT INTO "Northgate"."Shipment Line" VALUES (ship_no, line."Line", line."Art No", amount);
    INSERT INTO "Northgate"."Movement" ("Art No", "Whse", "Qty", "Doc No", "Kind")
    VALUES (line."Art No", line."Whse", -amount, ship_no, 'S');
    shipped := shipped + 1;
  END LOOP;
  UPDATE "Northgate"."Order Head" SET "Reason" = "Reason" WHERE "Order No" = order_no;
  RETURN shipped;
END $$;
CREATE FUNCTION invoice(order_no text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "Northgate"."Order Line" SET "Invoiced" = "Shipped" WHERE "Order No" = order_no;
  INSERT INTO "Northgate"."Invoice"
  SELECT 'IN' || lpad(nextval('"Northgate"."Invoice Numbers"')::text, 8, '0'), "Co", "Order Type",
         "Order No", current_date, "Grand Total"
    FROM "Northgate"."Order Total" WHERE "Order No" = order_no;
  UPDATE "Northgate"."Order Head" h SET "State" = 'P' WHERE "Order No" = order_no AND NOT EXISTS
    (SELECT 1 FROM "Northgate"."Order Line" l WHERE l."Order No" = h."Order No"
        AND l."Qty" > l."Shipped");
END $$;

-- What the ERP's own screens show.
CREATE VIEW "Order Total" AS
SELECT h."Co", h."Order Type", h."Order No",
       coalesce(l.net, 0) AS "Net", coalesce(c.amount, 0) AS "Charges",
       coalesce(l.tax, 0) + coalesce(c.tax, 0) AS "Tax",
       coalesce(l.net, 0) + coalesce(c.amount, 0)
         + CASE h."Gross" WHEN 'Y' THEN 0 ELSE coalesce(l.tax, 0) + coalesce(c.tax, 0) END
         AS "Grand Total"
  FROM "Order Head" h
  LEFT JOIN (SELECT "Co", "Order Type", "Order No", sum("Net") AS net, sum("Tax") AS tax
               FROM "Order Line" GROUP BY 1, 2, 3) l USING ("Co", "Order Type", "Order No")
  LEFT JOIN (SELECT "Co", "Order Type", "Order No", sum("Amount") AS amount, sum("Tax") AS tax
               FROM "Order Charge" GROUP BY 1, 2, 3) c USING ("Co", "Order Type", "Order No");

-- The list and the rules, multiplied out: one row for each price that somebody can have.
CREATE VIEW "Price Entry" AS
SELECT a."Art No", 'L' AS "Source", 'A' AS "For", '' AS "Code", date '2020-01-01' AS "From",
       NULL::date AS "To", 0::double precision AS "Min Qty", a."Unit", a."List Price" AS "Price",
       'list price' AS "Text", trim(a."Art No") || '/L' AS "Key"
  FROM "Article" a
UNION ALL
SELECT a."Art No", 'R', r."For", r."Code", r."From", r."To", r."Min Qty", a."Unit",
       coalesce(r."Fixed", round(a."List Price" * (1 - r."Percent" / 100), 4)), r."Text",
       trim(a."Art No") || '/R' || lpad(r."Rule No"::text, 6, '0')
  FROM "Price Rule" r JOIN "Article" a ON r."Art No" = a."Art No"
    OR (r."Art No" IS NULL AND r."Art Group" = a."Art Group");
