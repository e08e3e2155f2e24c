/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* MESSAGE_ID of every line that an administrator would search for; each has its text in
 * systemd/units/deployd.catalog, which a test compares. Made with `systemd-id128 new`, never changed. */

#define MESSAGE_DEPLOYMENT_MOVED     "b6d77de569eb494197775a364b9769e9"
#define MESSAGE_DEPLOYMENT_LIVE      "72fdc337379d439da280a4c019312cce"
#define MESSAGE_DEPLOYMENT_FAILED    "3735848fd3bc485494188e1f0eb77ce9"
#define MESSAGE_DEPLOYMENT_CANCELLED "05b1273b541e402b88f68c167d80522a"
#define MESSAGE_APP_STATUS           "b1d1f4d1d687458a9e6d040ca181f34e"
#define MESSAGE_APP_FAILED           "0db45f20b1584d059bafdb52dadbb1c2"
#define MESSAGE_INSTANCE_AGAIN       "4f1c6a9e2e2b4e8d87fc1e4df97e0126"
#define MESSAGE_INSTANCE_GIVEN_UP    "542b88199b7240b0ac43db1a45987d76"
#define MESSAGE_APP_CREATED          "b00e39a2f6674380890911172909c48d"
#define MESSAGE_APP_REMOVED          "614f31df2f734d5cad7b3068c4200aee"
#define MESSAGE_REPOSITORY_CREATED   "ea71fecd98c649c8b69e3fbc98d16cf4"
#define MESSAGE_REPOSITORY_REMOVED   "eb8d3e1769744f6e8cca95cb93b6a34f"
#define MESSAGE_DATABASE_STATE       "6f691e9db3644285aeef0cef8b1529cc"
#define MESSAGE_READY                "4b8bb1218bad43ed8d730d092b225600"
#define MESSAGE_FOREIGN_DATA         "750452cadae9480e9ca75d7516800c41"
#define MESSAGE_INGRESS_FAILED       "c15a0c32aa8c467a92fc248906190dc8"
