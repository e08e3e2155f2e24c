<?php
// SPDX-License-Identifier: LGPL-2.1-or-later
// needs-packages.php: exits with status 0 if composer.json asks for more than PHP and its extensions, else 1.
$names = array_keys(json_decode(file_get_contents("composer.json"), true)["require"] ?? []);
exit(array_filter($names, fn($name) => str_contains($name, "/")) ? 0 : 1);
