/** The passkeys that wait for a registrar. */

import { confirmWhenAsked } from "./confirming.js";

confirmWhenAsked();
