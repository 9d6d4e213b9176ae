(()=>{
const B=document,D=B.body.dataset,A=(s,e=B)=>[...e.querySelectorAll(s)],Q=(s,e)=>A(s,e)[0],each=(s,f,e)=>A(s,e).forEach(f),on=addEventListener,{abs,min,max,round}=Math,
P=Q(".pl"),get=(e,k)=>e.getAttribute(k),set=(e,k,v)=>e.setAttribute(k,v),[X,Y,W,H]=P?get(P,"viewBox").split(" ").map(Number):[],
now=()=>Q("#x"+Q(".rs>:checked").value),span=({dataset:d})=>[+d.from,d.to-d.from],
path=(p,c,d)=>{const e=Q("."+c[0],p)||p.appendChild(B.createElementNS(p.namespaceURI,"path"));set(e,"class",c);set(e,"d",d);return e},
short=v=>+v.toFixed(v<9.995?2:v<99.95),
form=(v,f)=>{let u=0;if(f>"m"&&f<"r")return short(v)+(f<"p"?"":" %");for(;v>=1023.5;u++)v/=1024;return short(v)+" "+(u?"KMGTP"[u-1]+"i":"")+"B"+(f=="r"?"/s":"")},
time=t=>new Date((+D.zone+t+30)*1e3).toISOString().slice(0,16).replace("T"," "),
points=p=>p.at??=get(p,"d").split("M").slice(1).flatMap(m=>{let x=0,y=0;return m.match(/-?[\d.]+/g).flatMap((v,i,n)=>i%2?[[x+=+n[i-1],y+=+v]]:[])}),
near=(p,x)=>points(p).reduce((b,q)=>abs(q[0]-x)<abs(b[0]-x)?q:b,[-1e6]),
put=(p,t,c,s)=>{const e=B.createElement(t);e.className=c;e.textContent=s;p.append(e);return e},
hide=()=>{tip.hidden=1;each(".y",e=>e.remove())},
view=z=>{const[a,b]=span(R),[f,g]=z||[0,1],d=+cmp.value;zoom=z;whole.hidden=!z;
each(".pl",p=>set(p,"viewBox",[X+f*W,Y,(g-f)*W,H]),R);
each("text.c",e=>{e.o??=e.textContent;const t=time(a+b*(f+(get(e,"x")-X)/W*(g-f)));e.textContent=z?b*(g-f)<9e4?t.slice(11):t.slice(5,10):e.o},R);
each(".v[d]",e=>e.remove());d&&each(".c",c=>{for(const r of A(".r")){const[f,g]=span(r),s=A(".c",r).find(o=>o.dataset.k==c.dataset.k),p=s&&Q("[class=s0]",s);
if(!p||f>a-d||f+g<a+b-d)continue;
const o=points(p).map(q=>[round(X+(f+(q[0]-X)/W*g-a+d)/b*W),Y+H-(Y+H-q[1])*s.dataset.top/c.dataset.top]);
path(Q(".pl",c),"v s0","M"+o.join("L")).at=o;break}},R);
location.replace("#"+[R.id.slice(1),d,...z||[]])},
spot=e=>{const s=P&&e.target.closest(".c>svg"),r=s?.getBoundingClientRect(),[f,g]=zoom||[0,1];return s&&[s.parentNode,f+(g-f)*min(1,max(0,((e.clientX-r.left)/r.width*s.viewBox.baseVal.width-X)/W))]},
move=e=>{const[c,u]=spot(e)||[];if(!c)return hide();
const[a,b]=span(R),x=X+u*W;let t=a+u*b,n;
each(".pl",p=>path(p,"y",`M${drag?X+drag[1]*W:x} ${Y}v${H}H${x}V${Y}z`),R);
tip.replaceChildren();const head=put(tip,"b"),
line=(p,k,s)=>{const q=p&&near(p,x);if(!p||abs(q[0]-x)>W/40)return;n??=t=a+(q[0]-X)/W*b;const o=put(tip,"p");put(o,"i",k);put(o,"span","",s);put(o,"b","",form((Y+H-q[1])/H*c.dataset.top,c.dataset.f))};
each("tbody tr",r=>{const k=Q("i",r).className;line(Q(`[class=${k}]`,Q(".pl",c)),k,Q("th",r).textContent)},c);
line(Q(".v",c),"s0",cmp.selectedOptions[0].text);
head.textContent=time(t);
A(".e li").filter(l=>l.offsetParent&&abs(l.dataset.t-a-u*b)<b/90).slice(0,3).map(l=>put(tip,"p","q",l.textContent));
tip.hidden=0;
const at=(k,v,m)=>tip.style[k]=max(4,min(v+16,m-8))+"px";at("left",e.clientX,innerWidth-tip.offsetWidth);at("top",e.clientY,innerHeight-tip.offsetHeight)},
tick=()=>{const s=max(0,(Date.now()-D.taken)/1e3),w=s<90?round(s)+" s":s<5400?round(s/60)+" min":round(s/3600)+" h";if(!+D.taken)return;age.textContent=D.age.replace("{}",w);
if(s>=180){stale.hidden=0;stale.textContent=D.old.replace("{}",w);Q("header").className="v unknown";Q("h1").textContent=D.unknown}};
let zoom,drag,R;
if(P){const[r,c,...z]=location.hash.slice(1).split(","),o=r&&Q(`[value="${r}"]`);Q(".js").hidden=0;
if(o){o.checked=true;cmp.value=c||0}R=now();o&&view(z[1]&&z.map(Number));
on("pointermove",move);on("scroll",hide);
on("pointerdown",e=>drag=spot(e));
on("pointerup",e=>{const s=drag,t=spot(e);drag=0;if(!s||!t)return;hide();
const[a,b]=span(R),z=[s[1],t[1]].sort((a,b)=>a-b).map(u=>a+u*b);if(z[1]-z[0]<b/60)return;
const r=A(".r").find(r=>r.dataset.from<=z[0]&&r.dataset.to>=z[1]),[f,g]=span(r);
view();Q("#r"+r.id.slice(1)).checked=true;R=r;view(z.map(t=>(t-f)/g))});
on("keydown",e=>e.key=="Escape"&&view());
whole.onclick=()=>view();Q(".rs").onchange=()=>{const z=R==now()&&zoom;view();R=now();view(z)}}
tick();setInterval(tick,1e3);
setInterval(()=>{B.hidden||!tip.hidden||drag||location.reload()},6e4)
})()
