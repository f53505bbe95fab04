<?php
// What the official image's configuration reads, and how: VARIABLE, or the file that VARIABLE_FILE names.
function from_environment(string $name, string $default): string {
  $file = getenv($name . '_FILE');
  if ($file !== false) return rtrim(file_get_contents($file), "\r\n");
  $value = getenv($name);
  return $value === false ? $default : $value;
}

define('DB_NAME', from_environment('WORDPRESS_DB_NAME', 'wordpress'));
define('DB_USER', from_environment('WORDPRESS_DB_USER', 'example username'));
define('DB_PASSWORD', from_environment('WORDPRESS_DB_PASSWORD', 'example password'));
define('DB_HOST', from_environment('WORDPRESS_DB_HOST', 'mysql'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $scheme)
  foreach (['KEY', 'SALT'] as $kind)
    // Of each container its own, unless somebody says otherwise.
    define("{$scheme}_{$kind}", from_environment("WORDPRESS_{$scheme}_{$kind}", sha1(gethostname() . $scheme . $kind)));
$table_prefix = 'wp_';
if (getenv('WORDPRESS_CONFIG_EXTRA')) eval(getenv('WORDPRESS_CONFIG_EXTRA'));
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
