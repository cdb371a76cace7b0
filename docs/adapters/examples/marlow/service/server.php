<?php
// The service: MARLOW_DB=marlow.db php -S 127.0.0.1:8085 server.php
//   /retail        SOAP 1.1, document/literal; ?wsdl describes it. HTTP Basic: shop, letmein.
//   /office/ACTION the screens of the ERP's own people.
declare(strict_types=1);

require_once __DIR__ . '/retail.php';
require_once __DIR__ . '/office.php';
ini_set('soap.wsdl_cache_enabled', '1');
ini_set('soap.wsdl_cache', '2');  // In memory.
ini_set('display_errors', 'stderr');

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$books = new Books(getenv('MARLOW_DB') ?: __DIR__ . '/marlow.db');

if (str_starts_with($path, '/office/')) {
    header('Content-Type: application/json');
    echo json_encode((new Office($books))->handle(substr($path, 8), $_GET));
    return true;
}
if ($path !== '/retail') {
    http_response_code(404);
    return true;
}
if (($_SERVER['PHP_AUTH_USER'] ?? '') !== 'shop' || ($_SERVER['PHP_AUTH_PW'] ?? '') !== 'letmein') {
    http_response_code(401);
    header('WWW-Authenticate: Basic realm="Marlow"');
    return true;
}
if ($_SERVER['REQUEST_METHOD'] === 'GET') {
    header('Content-Type: text/xml');
    readfile(__DIR__ . '/marlow.wsdl');
    return true;
}
// Quantities are floating point, and are said as exactly as that is.
ini_set('serialize_precision', '17');
$server = new SoapServer(__DIR__ . '/marlow.wsdl', ['features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$server->setObject(new Retail($books));
$server->handle();
return true;
