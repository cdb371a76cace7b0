<?php
declare(strict_types=1);

// What the ERP's own people do at their screens: no part of the service, and not for other systems.
final class Office
{
    public function __construct(private readonly Books $books) {}

    public function handle(string $action, array $in): array
    {
        return $this->books->atOnce(fn (): array => match ($action) {
            'ship' => $this->ship((int) $in['order'], $in['partial'] === 'true'),
            'invoice' => $this->invoice((int) $in['order']),
            'state' => $this->state((int) $in['order'], $in['state']),
            'quantity' => $this->quantity((int) $in['order'], (int) $in['line'], (float) $in['quantity']),
            'touch' => $this->touch(),
            'issue' => $this->issue($in),
            'block' => $this->block($in['customer'], $in['block']),
            'credit' => $this->credit((int) substr($in['document'], 1)),
            'applied' => ['invoice' => $this->books->row('SELECT inv_no FROM ret WHERE ret_no = ?', [(int) substr($in['document'], 1)])['inv_no'] ?? ''],
            'count' => $this->count($in),
        });
    }

    private function ship(int $order, bool $partial): array
    {
        if ($this->books->row("SELECT 1 FROM orders WHERE ord_no = ? AND state = '20'", [$order]) === null) {
            throw new RuntimeException("order $order is not released");
        }
        $this->books->run('INSERT INTO delivery (ord_no, date) VALUES (?, date())', [$order]);
        $delivery = (int) $this->books->db->lastInsertId();
        $lines = $this->books->rows('SELECT * FROM line WHERE ord_no = ? AND qty > shipped', [$order]);
        foreach ($lines as $line) {
            $amount = $line['qty'] - $line['shipped'];
            if ($partial) {
                $amount = $amount > 1 ? 1.0 : $amount / 2;
            }
            $this->books->run('UPDATE line SET shipped = shipped + ? WHERE ord_no = ? AND pos = ?', [$amount, $order, $line['pos']]);
            $this->books->run('INSERT INTO delivery_line VALUES (?, ?, ?, ?)', [$delivery, $line['pos'], $line['item_no'], $amount]);
            $this->entry(sprintf('D%07d', $delivery), $line['item_no'], $line['whse'], -$amount, 'SHIPPING');
        }
        $this->books->saved($order);
        return ['shipped' => count($lines)];
    }

    private function invoice(int $order): array
    {
        $sum = $this->books->row(
            "SELECT (SELECT sum(net + CASE o.gross WHEN 'J' THEN 0 ELSE tax END) FROM line l WHERE l.ord_no = o.ord_no)
                    + coalesce((SELECT sum(amt + CASE o.gross WHEN 'J' THEN 0 ELSE tax END) FROM charge c WHERE c.ord_no = o.ord_no), 0) AS amt
               FROM orders o WHERE ord_no = ?", [$order]);
        $this->books->run('INSERT INTO invoice (ord_no, date, amt) VALUES (?, date(), ?)', [$order, $sum['amt']]);
        $this->books->run('UPDATE line SET invoiced = shipped WHERE ord_no = ?', [$order]);
        $this->books->run("UPDATE orders SET state = '80' WHERE ord_no = ? AND NOT EXISTS
            (SELECT 1 FROM line l WHERE l.ord_no = orders.ord_no AND l.qty > l.shipped)", [$order]);
        $this->books->saved($order);
        return [];
    }

    private function state(int $order, string $state): array
    {
        $this->books->run('UPDATE orders SET state = ? WHERE ord_no = ?', [$state, $order]);
        $this->books->saved($order);
        return [];
    }

    private function quantity(int $order, int $line, float $quantity): array
    {
        $this->books->run('UPDATE line SET qty = ? WHERE ord_no = ? AND pos = ?', [$quantity, $order, $line]);
        (new Retail($this->books))->price($order, $line, $this->books->row('SELECT gross FROM orders WHERE ord_no = ?', [$order])['gross']);
        $this->books->saved($order);
        return [];
    }

    // The goods of a return are back, and it is credited.
    private function credit(int $return): array
    {
        $this->books->run("UPDATE ret SET state = '80' WHERE ret_no = ?", [$return]);
        foreach ($this->books->rows('SELECT * FROM ret_line WHERE ret_no = ?', [$return]) as $line) {
            $this->entry(sprintf('R%07d', $return), $line['item_no'], rtrim($line['whse'] ?? 'EAST'), $line['qty'], 'RETURNS');
        }
        return [];
    }

    // Somebody saves the newest order without changing anything.
    private function touch(): array
    {
        $this->books->saved((int) $this->books->row('SELECT max(ord_no) AS last FROM orders')['last']);
        return [];
    }

    private function issue(array $in): array
    {
        $this->entry($in['document'], $in['item'], $in['whse'], -(float) $in['quantity'], 'WAREHOUSE');
        return [];
    }

    private function block(string $customer, string $block): array
    {
        $this->books->run('UPDATE card SET block = ?, vers = vers + 1, stamp = ?, at = ? WHERE cust_no = ?',
            [$block, $this->books->stamp(), $this->books->now(), $customer]);
        return [];
    }

    private function count(array $in): array
    {
        [$sql, $key] = match ($in['of']) {
            'documents' => ['SELECT count(*) AS n FROM orders WHERE ext_ref = ?', $in['key']],
            'open' => ["SELECT count(*) AS n FROM orders WHERE ord_no = ? AND state < '80'", (int) $in['key']],
            'released' => ["SELECT count(*) AS n FROM orders WHERE ord_no = ? AND state = '20'", (int) $in['key']],
            'returns' => ['SELECT count(*) AS n FROM ret WHERE ext_ref = ?', $in['key']],
            'postings' => ['SELECT count(*) AS n FROM stock_entry WHERE doc_no = ?', $in['key']],
            'customers' => ['SELECT count(*) AS n FROM card WHERE cust_no = ?', $in['key']],
        };
        return ['count' => (int) $this->books->row($sql, [$key])['n']];
    }

    private function entry(string $document, string $item, string $whse, float $quantity, string $by): void
    {
        $this->books->run('INSERT INTO stock_entry (doc_no, item_no, whse, qty, at, by) VALUES (?, ?, ?, ?, ?, ?)',
            [$document, $item, $whse, $quantity, $this->books->now(), $by]);
    }
}
