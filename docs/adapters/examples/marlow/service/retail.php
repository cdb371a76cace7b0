<?php
declare(strict_types=1);

// What the ERP says no to, inside of an answer with HTTP 200.
final class Refused extends Exception
{
    public function __construct(public readonly string $ret, string $text) { parent::__construct($text); }
}

// The ERP's books: one SQLite file.
final class Books
{
    public readonly PDO $db;

    public function __construct(string $file)
    {
        $fresh = !file_exists($file) || filesize($file) === 0;
        $this->db = new PDO("sqlite:$file", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->db->exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL; PRAGMA journal_mode = WAL');
        if ($fresh) {
            $this->atOnce(function (): void {
                $this->db->exec(file_get_contents(__DIR__ . '/schema.sql'));
                $this->db->exec(file_get_contents(__DIR__ . '/sample.sql'));
            });
        }
    }

    public function atOnce(callable $work): mixed
    {
        $this->db->exec('BEGIN IMMEDIATE');
        try {
            $result = $work();
            $this->db->exec('COMMIT');
            return $result;
        } catch (Throwable $failure) {
            $this->db->exec('ROLLBACK');
            throw $failure;
        }
    }

    public function rows(string $sql, array $values = []): array
    {
        $statement = $this->db->prepare($sql);
        $statement->execute($values);
        return $statement->fetchAll(PDO::FETCH_ASSOC);
    }

    public function row(string $sql, array $values = []): ?array { return $this->rows($sql, $values)[0] ?? null; }
    public function run(string $sql, array $values = []): void { $this->db->prepare($sql)->execute($values); }

    // Rises in the order of commits: writers come one after the other.
    public function stamp(): int
    {
        $this->run('UPDATE stamps SET last = last + 1');
        return (int) $this->row('SELECT last FROM stamps')['last'];
    }

    public function now(): string { return (new DateTimeImmutable('now', new DateTimeZone('UTC')))->format('Y-m-d\TH:i:s.u\Z'); }

    public function saved(int $order): void
    {
        $this->run('UPDATE orders SET vers = vers + 1, stamp = ?, at = ? WHERE ord_no = ?', [$this->stamp(), $this->now(), $order]);
    }
}

// A decimal as a whole number of 10^-$places, exactly.
function units(string $text, int $places): int
{
    if (!preg_match('/^(-?)(\d+)(?:\.(\d*?)0*)?$/', trim($text), $parts) || strlen($parts[3] ?? '') > $places) {
        throw new Refused('1004', "$text is no number of $places places");
    }
    return (int) ($parts[1] . $parts[2] . str_pad($parts[3] ?? '', $places, '0'));
}

function decimal(int $units, int $places): string
{
    $digits = str_pad((string) abs($units), $places + 1, '0', STR_PAD_LEFT);
    return ($units < 0 ? '-' : '') . substr($digits, 0, -$places) . '.' . substr($digits, -$places);
}

function halfUp(int $units, int $by): int
{
    return $units < 0 ? -halfUp(-$units, $by) : intdiv($units + intdiv($by, 2), $by);
}

function taxOf(int $amount, string $gross): int
{
    return $gross === 'J' ? $amount - halfUp($amount * 100, 119) : halfUp($amount * 19, 100);
}

// A list in a request: one item comes as it is, none not at all.
function listed(mixed $value): array { return $value === null ? [] : (is_array($value) ? $value : [$value]); }
function text(object $from, string $name): ?string
{
    $value = isset($from->$name) ? rtrim((string) $from->$name) : '';
    return $value === '' ? null : $value;
}
function padded(string $key, int $width = 12): string { return str_pad($key, $width); }

// The operations of marlow.wsdl.
final class Retail
{
    private const DONE = ['RetCode' => '0000'];

    public function __construct(private readonly Books $books) {}

    // Refusals become codes, what is stale or unknown a fault, as each came about over the years.
    public function __call(string $operation, array $arguments): array
    {
        $writes = in_array($operation, ['SaveOrder', 'ChangeOrder', 'SetOrderState', 'SaveReturn', 'BookStock', 'SaveCard'], true);
        try {
            $work = fn (): array => self::DONE + $this->{'do' . $operation}($arguments[0] ?? new stdClass());
            return $writes ? $this->books->atOnce($work) : $work();
        } catch (Refused $refused) {
            return ['RetCode' => $refused->ret, 'RetText' => $refused->getMessage()];
        }
    }

    private static function fault(string $code, string $text): SoapFault
    {
        return new SoapFault('Server', "MARLOW-$code", null, (object) ['MarlowFault' => (object) ['Code' => $code, 'Text' => $text]], 'MarlowFault');
    }

    private function fits(?string $text, int $max, string $name): ?string
    {
        if ($text !== null && iconv_strlen($text, 'UTF-8') > $max) {
            throw new Refused('1004', "$name has more than $max characters");
        }
        return $text;
    }

    // ---- orders

    private function doSaveOrder(object $in): array
    {
        $card = $this->books->row('SELECT * FROM card WHERE cust_no = ?', [rtrim($in->CustNo)]);
        if ($card === null) {
            throw new Refused('1002', 'unknown customer');
        }
        if (in_array($card['block'], ['L', 'X'], true)) {
            throw new Refused('1003', 'the customer is blocked');
        }
        $this->books->run(
            'INSERT INTO orders (ext_ref, cust_no, cust_ref, ord_date, req_date, cur, gross, ship, stamp, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
            [$this->fits(text($in, 'ExtRef'), 35, 'ExtRef'), rtrim($in->CustNo), $this->fits(text($in, 'CustRef'), 35, 'CustRef'),
             $in->OrdDate, text($in, 'ReqDate'), $in->Cur, $in->Gross, json_encode($in->ShipTo ?? new stdClass()),
             $this->books->stamp(), $this->books->now()]
        );
        $order = (int) $this->books->db->lastInsertId();
        $this->addLines($order, $in->Gross, listed($in->Lines->Line ?? null));
        foreach (listed($in->Charges->Charge ?? null) as $charge) {
            $amount = units((string) $charge->Amt, 2);
            $this->books->run('INSERT INTO charge VALUES (?, ?, ?, ?, ?)',
                [$order, $charge->Kind, text($charge, 'Code'), $amount, taxOf($amount, $in->Gross)]);
        }
        return ['OrdNo' => sprintf('%08d', $order)];
    }

    private function addLines(int $order, string $gross, array $lines): void
    {
        foreach ($lines as $line) {
            $item = $this->books->row('SELECT * FROM item WHERE item_no = ?', [rtrim($line->ItemNo)]);
            if ($item === null || $this->books->row('SELECT * FROM warehouse WHERE whse = ?', [rtrim($line->Whse)]) === null) {
                throw new Refused('1001', "unknown item or warehouse in line $line->Pos");
            }
            $this->books->run(
                'INSERT INTO line (ord_no, pos, item_no, descr, unit, whse, req_date, qty, price, disc, promo, promo_ver, net, tax)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)',
                [$order, $line->Pos, rtrim($line->ItemNo), $this->fits(text($line, 'Descr'), 80, 'Descr'), $line->Unit,
                 rtrim($line->Whse), text($line, 'ReqDate'), (float) $line->Qty, units((string) $line->Price, 4),
                 units((string) $line->Disc, 2), text($line, 'Promo'), $line->PromoVer ?? null]
            );
            $this->price($order, (int) $line->Pos, $gross);
        }
    }

    public function price(int $order, int $pos, string $gross): void
    {
        $line = $this->books->row('SELECT * FROM line WHERE ord_no = ? AND pos = ?', [$order, $pos]);
        $net = halfUp((int) round($line['qty'] * 1000) * $line['price'], 100000) - $line['disc'];
        $this->books->run('UPDATE line SET net = ?, tax = ? WHERE ord_no = ? AND pos = ?', [$net, taxOf($net, $gross), $order, $pos]);
    }

    private function toChange(object $in): array
    {
        $order = $this->books->row('SELECT * FROM orders WHERE ord_no = ?', [(int) $in->OrdNo]);
        if ($order === null) {
            throw self::fault('9404', 'there is no such order');
        }
        if ($order['vers'] !== (int) $in->Vers) {
            throw self::fault('9001', 'somebody else has changed the order');
        }
        if ($order['state'] >= '80') {
            throw new Refused('1006', 'the order is closed');
        }
        return $order;
    }

    private function doChangeOrder(object $in): array
    {
        $order = $this->toChange($in);
        $this->books->run("UPDATE orders SET state = '10', cust_ref = ?, req_date = ?, ship = ? WHERE ord_no = ?",
            [$this->fits(text($in, 'CustRef'), 35, 'CustRef'), text($in, 'ReqDate'), json_encode($in->ShipTo ?? new stdClass()), $order['ord_no']]);
        foreach (listed($in->Changed->Line ?? null) as $line) {
            $held = $this->books->row('SELECT * FROM line WHERE ord_no = ? AND pos = ?', [$order['ord_no'], $line->Pos]);
            if ($held === null || (float) $line->Qty < $held['shipped'] - 0.0000001) {
                throw new Refused('1005', "line $line->Pos is not there, or more of it has shipped");
            }
            $this->books->run('UPDATE line SET qty = ?, price = ?, disc = ?, req_date = ? WHERE ord_no = ? AND pos = ?',
                [(float) $line->Qty, units((string) $line->Price, 4), units((string) $line->Disc, 2), text($line, 'ReqDate'), $order['ord_no'], $line->Pos]);
            $this->price($order['ord_no'], (int) $line->Pos, $order['gross']);
        }
        $this->addLines($order['ord_no'], $order['gross'], listed($in->Added->Line ?? null));
        $this->books->saved($order['ord_no']);
        return [];
    }

    private function doSetOrderState(object $in): array
    {
        $order = $this->toChange($in);
        $this->books->run('UPDATE orders SET state = ?, reason = ? WHERE ord_no = ?', [$in->State, text($in, 'Reason'), $order['ord_no']]);
        $this->books->saved($order['ord_no']);
        return [];
    }

    private function doGetOrders(object $in): array
    {
        $no = text($in, 'OrdNo');
        $found = $no !== null ? $this->books->rows('SELECT * FROM orders WHERE ord_no = ?', [ctype_digit($no) ? (int) $no : 0])
                              : $this->books->rows('SELECT * FROM orders WHERE ext_ref = ?', [text($in, 'ExtRef')]);
        return ['Orders' => ['Order' => array_map($this->shown(...), $found)]];
    }

    private function doOpenOrders(object $in): array
    {
        $customer = text($in, 'CustNo');
        $found = $this->books->rows("SELECT * FROM orders WHERE state < '80' AND ord_no > ? AND (? IS NULL OR cust_no = ?) ORDER BY ord_no LIMIT ?",
            [(int) $in->After, $customer, $customer, (int) $in->Max]);
        return ['Orders' => ['Order' => array_map($this->shown(...), $found)]];
    }

    private function doFindByRef(object $in): array
    {
        $found = $this->books->rows('SELECT ord_no, state FROM orders WHERE ext_ref = ? ORDER BY ord_no', [rtrim($in->ExtRef)]);
        return ['Doc' => array_map(fn (array $one): array => ['No' => sprintf('%08d', $one['ord_no']), 'State' => $one['state']], $found)];
    }

    private function shown(array $order): array
    {
        $lines = $this->books->rows('SELECT * FROM line WHERE ord_no = ? ORDER BY pos', [$order['ord_no']]);
        $charges = $this->books->rows('SELECT * FROM charge WHERE ord_no = ?', [$order['ord_no']]);
        $net = array_sum(array_column($lines, 'net'));
        $freight = array_sum(array_column($charges, 'amt'));
        $tax = array_sum(array_column($lines, 'tax')) + array_sum(array_column($charges, 'tax'));
        return [
            'OrdNo' => sprintf('%08d', $order['ord_no']), 'ExtRef' => $order['ext_ref'], 'CustNo' => padded($order['cust_no']),
            'CustRef' => $order['cust_ref'], 'OrdDate' => $order['ord_date'], 'ReqDate' => $order['req_date'],
            'Cur' => $order['cur'], 'Gross' => $order['gross'], 'State' => $order['state'], 'Vers' => $order['vers'], 'At' => $order['at'],
            'Totals' => ['Net' => decimal($net, 2), 'Charges' => decimal($freight, 2), 'Tax' => decimal($tax, 2),
                         'Grand' => decimal($net + $freight + ($order['gross'] === 'J' ? 0 : $tax), 2)],
            'ShipTo' => json_decode($order['ship'], true),
            'Lines' => ['Line' => array_map(fn (array $one): array => [
                'Pos' => $one['pos'], 'ItemNo' => padded($one['item_no']), 'Descr' => $one['descr'], 'Unit' => $one['unit'],
                'Whse' => padded($one['whse'], 6), 'ReqDate' => $one['req_date'], 'Qty' => $one['qty'], 'Shipped' => $one['shipped'],
                'Invoiced' => $one['invoiced'], 'Price' => decimal($one['price'], 4), 'Disc' => decimal($one['disc'], 2),
                'Promo' => $one['promo'], 'PromoVer' => $one['promo_ver'], 'Net' => decimal($one['net'], 2),
                'Tax' => decimal($one['tax'], 2), 'TaxCode' => 'V19', 'TaxPct' => '19'], $lines)],
            'Charges' => ['Charge' => array_map(fn (array $one): array => [
                'Kind' => $one['kind'], 'Code' => $one['code'], 'Amt' => decimal($one['amt'], 2)], $charges)],
        ];
    }

    private function doGetDeliveries(object $in): array
    {
        $found = $this->books->rows('SELECT * FROM delivery WHERE ord_no = ? ORDER BY del_no', [(int) $in->OrdNo]);
        return ['Delivery' => array_map(fn (array $one): array => [
            'DelNo' => sprintf('D%07d', $one['del_no']), 'Date' => $one['date'],
            'Line' => array_map(fn (array $line): array => ['Pos' => $line['pos'], 'ItemNo' => padded($line['item_no']), 'Qty' => $line['qty']],
                $this->books->rows('SELECT * FROM delivery_line WHERE del_no = ? ORDER BY pos', [$one['del_no']]))], $found)];
    }

    private function doGetInvoices(object $in): array
    {
        $found = $this->books->rows('SELECT * FROM invoice WHERE ord_no = ? ORDER BY inv_no', [(int) $in->OrdNo]);
        return ['Invoice' => array_map(fn (array $one): array => [
            'InvNo' => sprintf('I%07d', $one['inv_no']), 'Date' => $one['date'], 'Amt' => decimal($one['amt'], 2)], $found)];
    }

    private function doSaveReturn(object $in): array
    {
        $this->books->run('INSERT INTO ret (ext_ref, ord_ref, inv_no, cust_no, ret_date, cur, gross) VALUES (?, ?, ?, ?, ?, ?, ?)',
            [$this->fits(text($in, 'ExtRef'), 35, 'ExtRef'), text($in, 'OrdRef'), text($in, 'InvNo'), rtrim($in->CustNo), $in->Date, $in->Cur, $in->Gross]);
        $return = (int) $this->books->db->lastInsertId();
        foreach (listed($in->Lines->Line ?? null) as $line) {
            if ($this->books->row('SELECT 1 FROM item WHERE item_no = ?', [rtrim($line->ItemNo)]) === null) {
                throw new Refused('1001', 'unknown item');
            }
            $this->books->run('INSERT INTO ret_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                [$return, $line->Pos, rtrim($line->ItemNo), $this->fits(text($line, 'Descr'), 80, 'Descr'), text($line, 'Unit'), text($line, 'Whse'),
                 (float) $line->Qty, units((string) $line->Price, 4), units((string) $line->Disc, 2), $line->Reason]);
        }
        return ['RetNo' => sprintf('R%07d', $return)];
    }

    private function doFindReturns(object $in): array
    {
        $invoices = listed($in->InvNo ?? null);
        $found = $this->books->rows('SELECT * FROM ret WHERE ext_ref = ? OR ord_ref = ? OR inv_no IN (' .
            implode(', ', array_fill(0, max(1, count($invoices)), '?')) . ') ORDER BY ret_no',
            [text($in, 'ExtRef'), text($in, 'OrdRef'), ...($invoices === [] ? [null] : $invoices)]);
        return ['Return' => array_map(fn (array $one): array => [
            'RetNo' => sprintf('R%07d', $one['ret_no']), 'ExtRef' => $one['ext_ref'], 'Date' => $one['ret_date'], 'State' => $one['state'],
            'Line' => array_map(fn (array $line): array => [
                'Pos' => $line['pos'], 'ItemNo' => padded($line['item_no']), 'Qty' => $line['qty'], 'Reason' => $line['reason']],
                $this->books->rows('SELECT * FROM ret_line WHERE ret_no = ?', [$one['ret_no']]))], $found)];
    }

    private function doOrderJournal(object $in): array
    {
        $found = $this->books->rows(
            "SELECT o.*, (SELECT sum(shipped) FROM line l WHERE l.ord_no = o.ord_no) AS shipped,
                    (SELECT sum(qty - shipped) FROM line l WHERE l.ord_no = o.ord_no) AS outstanding
               FROM orders o WHERE stamp > ? ORDER BY stamp LIMIT ?", [(int) $in->After, (int) $in->Max]);
        return ['Entry' => array_map(fn (array $one): array => [
            'Stamp' => $one['stamp'], 'OrdNo' => sprintf('%08d', $one['ord_no']), 'ExtRef' => $one['ext_ref'], 'CustNo' => padded($one['cust_no']),
            'State' => $one['state'] >= '80' || $one['shipped'] <= 0 ? $one['state'] : ($one['outstanding'] > 0.0000001 ? '30' : '40'),
            'At' => $one['at']], $found)];
    }

    // ---- stock: nothing but entries

    private function levels(string $where, array $values): array
    {
        $found = $this->books->rows(
            "SELECT i.item_no, w.whse, i.unit,
                    (SELECT coalesce(sum(e.qty), 0) FROM stock_entry e WHERE e.item_no = i.item_no AND e.whse = w.whse) AS on_hand,
                    (SELECT coalesce(sum(l.qty - l.shipped), 0) FROM line l JOIN orders o USING (ord_no)
                      WHERE o.state < '80' AND l.item_no = i.item_no AND l.whse = w.whse) AS reserved
               FROM item i, warehouse w WHERE $where", $values);
        return ['Row' => array_map(fn (array $one): array => [
            'ItemNo' => padded($one['item_no']), 'Whse' => padded($one['whse'], 6), 'Unit' => $one['unit'],
            'OnHand' => (float) $one['on_hand'], 'Reserved' => (float) $one['reserved']], $found)];
    }

    private function doGetStock(object $in): array
    {
        $items = array_map(rtrim(...), listed($in->ItemNo ?? null));
        $whse = text($in, 'Whse');
        return $this->levels('i.item_no IN (' . implode(', ', array_fill(0, max(1, count($items)), '?')) . ') AND (? IS NULL OR w.whse = ?)
            ORDER BY 1, 2', [...($items === [] ? [null] : $items), $whse, $whse]);
    }

    private function doListStock(object $in): array
    {
        return $this->levels("i.item_no || '/' || w.whse > ? ORDER BY i.item_no || '/' || w.whse LIMIT ?", [rtrim($in->After), (int) $in->Max]);
    }

    private function doBookStock(object $in): array
    {
        if ($this->books->row('SELECT 1 FROM item, warehouse WHERE item_no = ? AND whse = ?', [rtrim($in->ItemNo), rtrim($in->Whse)]) === null) {
            throw new Refused('1001', 'unknown item or warehouse');
        }
        $this->books->run('INSERT INTO stock_entry (doc_no, item_no, whse, qty, reason, at, by) VALUES (?, ?, ?, ?, ?, ?, ?)',
            [$this->fits(rtrim($in->DocNo), 20, 'DocNo'), rtrim($in->ItemNo), rtrim($in->Whse), (float) $in->Qty, text($in, 'Reason'), $this->books->now(), 'WS']);
        return ['EntryNo' => (int) $this->books->db->lastInsertId()];
    }

    private function doStockJournal(object $in): array
    {
        $document = text($in, 'DocNo');
        $found = $this->books->rows('SELECT * FROM stock_entry WHERE entry_no > ? AND (? IS NULL OR doc_no = ?) ORDER BY entry_no LIMIT ?',
            [(int) $in->After, $document, $document, (int) $in->Max]);
        return ['Entry' => array_map(fn (array $one): array => [
            'EntryNo' => $one['entry_no'], 'DocNo' => padded($one['doc_no'], 20), 'ItemNo' => padded($one['item_no']),
            'Whse' => padded($one['whse'], 6), 'Qty' => $one['qty'], 'At' => $one['at'], 'By' => $one['by']], $found)];
    }

    // ---- prices

    private const PRICES = "SELECT i.item_no || '/L' AS key, i.item_no, 'A' AS for_whom, '' AS code, '2020-01-01' AS valid_from, NULL AS valid_to,
        0 AS min_qty, i.unit, i.price AS amt, 'list price' AS txt FROM item i
        UNION ALL SELECT r.item_no || '/R' || printf('%06d', r.rule_no), r.item_no, r.for_whom, r.code, r.valid_from, r.valid_to, r.min_qty, i.unit,
        r.amt, r.txt FROM price_rule r JOIN item i USING (item_no)";

    private const MINE = "(for_whom = 'A' OR (for_whom = 'C' AND code = :customer)
        OR (for_whom = 'G' AND code = (SELECT price_grp FROM card WHERE cust_no = :customer)))";

    private function doGetPrices(object $in): array
    {
        $found = $this->books->rows('SELECT * FROM (' . self::PRICES . ') WHERE key > :after AND (:item IS NULL OR item_no = :item)
            AND (:customer IS NULL OR ' . self::MINE . ') ORDER BY key LIMIT :max',
            ['after' => rtrim($in->After), 'item' => text($in, 'ItemNo'), 'customer' => text($in, 'CustNo'), 'max' => (int) $in->Max]);
        return ['Price' => array_map(fn (array $one): array => [
            'Key' => $one['key'], 'ItemNo' => padded((string) $one['item_no']), 'For' => $one['for_whom'], 'Code' => padded($one['code']),
            'From' => $one['valid_from'], 'To' => $one['valid_to'], 'MinQty' => (float) $one['min_qty'], 'Unit' => $one['unit'],
            'Amt' => decimal($one['amt'], 4)], $found)];
    }

    private function doQuotePrice(object $in): array
    {
        $values = ['item' => rtrim($in->ItemNo), 'customer' => rtrim($in->CustNo), 'day' => substr($in->At, 0, 10), 'qty' => (float) $in->Qty];
        $found = $this->books->rows('SELECT * FROM (' . self::PRICES . ') WHERE item_no = :item AND valid_from <= :day
            AND (valid_to IS NULL OR valid_to >= :day) AND min_qty <= :qty AND ' . self::MINE . ' ORDER BY amt', $values);
        $item = $this->books->row('SELECT * FROM item WHERE item_no = ?', [$values['item']]);
        if ($item === null || $found === [] || rtrim($in->Unit) !== $item['unit'] || rtrim($in->Cur) !== 'EUR') {
            throw new Refused('1404', 'no price');
        }
        return ['ListPrice' => decimal($item['price'], 4), 'Price' => decimal($found[0]['amt'], 4), 'Text' => $found[0]['txt'], 'AsOf' => $this->books->now()];
    }

    private function doPriceState(object $in): array
    {
        $state = $this->books->row('SELECT * FROM price_state');
        return ['Batch' => (string) $state['batch'], 'Created' => $state['created']];
    }

    // ---- customers

    private const CARD = ['CustNo' => 'cust_no', 'Name' => 'name', 'Kind' => 'kind', 'Street' => 'street', 'Street2' => 'street2', 'Zip' => 'zip',
        'City' => 'city', 'Region' => 'region', 'Ctry' => 'ctry', 'Mail' => 'mail', 'Phone' => 'phone', 'Cur' => 'cur',
        'PriceGrp' => 'price_grp', 'Block' => 'block', 'Vers' => 'vers', 'At' => 'at'];

    private function shownCard(array $card): array
    {
        $shown = array_map(fn (string $column) => $card[$column], self::CARD);
        return ['CustNo' => padded($card['cust_no']), 'PriceGrp' => padded($card['price_grp'] ?? '', 10)] + $shown;
    }

    private function doGetCard(object $in): array
    {
        $card = $this->books->row('SELECT * FROM card WHERE cust_no = ?', [rtrim($in->CustNo)]);
        if ($card === null) {
            throw self::fault('9404', 'there is no such customer');
        }
        return ['Card' => $this->shownCard($card)];
    }

    private function doFindCards(object $in): array
    {
        $found = $this->books->rows('SELECT * FROM card WHERE cust_no > :after AND (:mail IS NULL OR lower(mail) = lower(:mail))
            AND (:name IS NULL OR instr(lower(name), lower(:name)) > 0) ORDER BY cust_no LIMIT :max',
            ['after' => rtrim($in->After), 'mail' => text($in, 'Mail'), 'name' => text($in, 'Name'), 'max' => (int) $in->Max]);
        return ['Card' => array_map($this->shownCard(...), $found)];
    }

    // Without a version it is a new one.
    private function doSaveCard(object $in): array
    {
        $columns = array_diff_key(self::CARD, ['Vers' => 1, 'At' => 1]);
        $values = array_map(fn (string $name): ?string => $this->fits(text($in->Card, $name), 80, $name), array_keys($columns));
        $held = $this->books->row('SELECT * FROM card WHERE cust_no = ?', [$values[0]]);
        $more = [$this->books->stamp(), $this->books->now()];
        if (text($in->Card, 'Vers') === null) {
            if ($held !== null) {
                throw new Refused('3001', 'the customer is there already');
            }
            $this->books->run('INSERT INTO card (' . implode(', ', $columns) . ', stamp, at) VALUES (' . implode(', ', array_fill(0, count($columns) + 2, '?')) . ')',
                [...$values, ...$more]);
            return [];
        }
        if ($held === null || $held['vers'] !== (int) $in->Card->Vers) {
            throw self::fault($held === null ? '9404' : '9001', 'somebody else has changed the customer');
        }
        $this->books->run('UPDATE card SET ' . implode(' = ?, ', $columns) . ' = ?, stamp = ?, at = ?, vers = vers + 1 WHERE cust_no = ?',
            [...$values, ...$more, $values[0]]);
        return [];
    }

    private function doCardJournal(object $in): array
    {
        $found = $this->books->rows('SELECT * FROM card WHERE stamp > ? ORDER BY stamp LIMIT ?', [(int) $in->After, (int) $in->Max]);
        return ['Entry' => array_map(fn (array $one): array => ['Stamp' => $one['stamp'], 'CustNo' => padded($one['cust_no']), 'At' => $one['at']], $found)];
    }
}
